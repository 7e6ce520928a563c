"""The portal itself: the person's accounts and roles, and which of them they want at hand."""

from gateway.doors.portal.role_names import account_and_role
from gateway.doors.portal.signed import signed_of
from gateway.doors.portal.views.roles import roles_page
from gateway.doors.portal.visit import PORTAL_PATH, RETURN, Visit
from gateway.exchange.people.listed_roles import RolesList
from gateway.exchange.people.roles import PersonsRole
from gateway.web.pages import see_other
from gateway.web.responses import Answer


async def show(visit: Visit) -> Answer:
    """The list, narrowed by what is searched for: without a script that is the server's work."""
    session = await visit.session()
    wanted = visit.fields.get("q", "").strip()
    found = visit.exchange.portal.roles(session, visit.origin)
    return roles_page(
        signed_of(visit, session),
        signed_in=session.signed_in,
        listed=_narrowed(found, wanted.casefold().split()) if wanted else found,
        favourites=await visit.exchange.portal.favourites(session),
        wanted=wanted,
    )


async def star(visit: Visit) -> Answer:
    """Make a favourite of a role, or take it away."""
    session = await visit.session_of_form()
    if "remove" in visit.fields:
        await visit.exchange.portal.remove_favourite(session, visit.fields["remove"])
    else:
        account, role = account_and_role(visit.fields.get("add", ""))
        await visit.exchange.portal.add_favourite(session, account, role, visit.origin)
    back = visit.fields.get("back", "")
    return see_other(back if RETURN.fullmatch(back) else PORTAL_PATH)


def _narrowed(found: RolesList, words: list[str]) -> RolesList:
    return RolesList(roles=tuple(role for role in found.roles if _is_like(role, words)))


def _is_like(role: PersonsRole, words: list[str]) -> bool:
    told = f"{role.account_alias} {role.key}".casefold()
    return all(word in told for word in words)
