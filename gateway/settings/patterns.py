"""`group_pattern` and role templates: which configured roles they mean, and the group name of each."""

from collections.abc import Iterable, Mapping

_SEPARATOR = "/"


def split_name(name: str) -> tuple[str, str]:
    """Account alias and own name of `ALIAS/NAME`; without a slash the alias is empty."""
    alias, _, own = name.rpartition(_SEPARATOR)
    return alias, own


def filled(template: str, role: str, account_id: str) -> str:
    """The template with `{account}`, `{account_id}` and `{role}` of one role `ALIAS/NAME` written in."""
    alias, own = split_name(role)
    # One pass over fixed names each: neither an alias nor a role's name can hold a brace.
    return template.replace("{account}", alias).replace("{account_id}", account_id).replace("{role}", own)


def roles_meant(templates: Iterable[str], roles: Iterable[str], accounts: Mapping[str, str]) -> tuple[str, ...]:
    """Of the configured `roles` those that some template, filled with the role's own parts, names exactly."""
    wanted = tuple(templates)
    return tuple(
        role
        for role in roles
        if (account := accounts.get(split_name(role)[0])) is not None
        and any(filled(template, role, account) == role for template in wanted)
    )


def group_names(pattern: str, roles: Iterable[str], accounts: Mapping[str, str]) -> dict[str, str]:
    """Role to the one group name that the pattern gives for it."""
    return {role: filled(pattern, role, accounts[split_name(role)[0]]) for role in roles}
