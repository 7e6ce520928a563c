// What pages do better with scripts; each works without.
"use strict";

// For screen readers.
const live = document.createElement("p");
live.className = "unseen";
live.setAttribute("role", "status");
document.querySelector("main").append(live);
function say(text) {
	live.textContent = "";
	setTimeout(() => { live.textContent = text; }, 50);
}

// A role is found by what begins its words (or by their initials) before what merely stands inside one.
function search(field) {
	// Narrowed by the gateway already.
	if (field.defaultValue) return;
	const list = document.getElementById("roles");
	const found = document.getElementById("found");
	const nothing = document.getElementById("nothing");
	const rows = [...list.querySelectorAll(".rows > li")].map((row) => {
		const card = row.closest(".card");
		const text = `${row.firstChild.textContent} ${card.querySelector("h2").textContent}`;
		const words = text.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z0-9\u0080-\uffff]+/);
		return { row, card, words, initials: words.map((word) => word[0] || "").join(""), text: text.toLowerCase() };
	});
	const cards = [...new Set(rows.map(({ card }) => card))];
	const begins = ({ words, initials }, term) => initials.includes(term) || words.some((word) => word.startsWith(term));
	const matching = (terms) => {
		const near = rows.filter((one) => terms.every((term) => begins(one, term)));
		return new Set(near.length ? near : rows.filter((one) => terms.every((term) => one.text.includes(term))));
	};
	const narrow = () => {
		const terms = field.value.toLowerCase().split(/\s+/).filter(Boolean);
		const shown = matching(terms);
		for (const one of rows) one.row.hidden = !shown.has(one);
		for (const card of cards) card.hidden = !card.querySelector(".rows > li:not([hidden])");
		nothing.hidden = shown.size > 0;
		found.textContent = terms.length ? `${shown.size} found` : "";
	};
	field.addEventListener("input", narrow);
	field.form.querySelector("button").hidden = true;
	field.form.addEventListener("submit", (event) => {
		event.preventDefault();
		if (field.value.trim()) list.querySelector(".rows > li:not([hidden]) a")?.click();
	});
	// No key alone: who dictates would press it unawares (WCAG 2.1.4).
	field.setAttribute("aria-keyshortcuts", "Control+K Meta+K");
	document.addEventListener("keydown", (event) => {
		if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
		event.preventDefault();
		field.select();
	});
	if (matchMedia("(pointer: fine)").matches) field.focus();
}

// The list stays where it is when a star is set.
function star(form) {
	let plain = false;
	form.addEventListener("submit", async (event) => {
		const button = event.submitter;
		if (plain || !button || !["add", "remove"].includes(button.name)) return;
		event.preventDefault();
		const body = new URLSearchParams(new FormData(form));
		body.set(button.name, button.value);
		const answer = await fetch("/portal/favourites", { method: "POST", body }).catch(() => null);
		if (!answer?.ok || new URL(answer.url).pathname.startsWith("/login")) {
			plain = true;  // The page of the refusal says why.
			form.requestSubmit(button);
			return;
		}
		const added = button.name === "add";
		for (const one of document.querySelectorAll(`button[name=${button.name}]`)) {
			if (one.value !== button.value) continue;
			one.name = added ? "remove" : "add";
			one.textContent = added ? "★" : "☆";
			one.ariaLabel = `${added ? "Unstar" : "Star"} ${one.ariaLabel.replace(/^(Star|Unstar) /, "")}`;
		}
		say(added ? "Starred." : "No longer starred.");
	});
}

function copy(button) {
	button.hidden = false;
	button.addEventListener("click", async () => {
		const block = document.getElementById(button.dataset.copy);
		try {
			await navigator.clipboard.writeText(block.textContent);
			button.textContent = "Copied";
			say("Copied.");
		} catch {
			getSelection().selectAllChildren(block);
			button.textContent = "Marked";
			say("Marked.");
		}
		setTimeout(() => { button.textContent = "Copy"; }, 2000);
	});
}

// Never by the browser's clock, which may be wrong.
function countDown(clock) {
	const box = clock.parentElement;
	const bar = box.querySelector("progress");
	const told = box.querySelector("[role=status]");
	const end = performance.now() + Number(clock.dataset.left) * 1000;
	let warned = false;
	const two = (number) => String(number).padStart(2, "0");
	const show = () => {
		const left = Math.max(0, Math.round((end - performance.now()) / 1000));
		const hours = Math.floor(left / 3600);
		const rest = `${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
		clock.textContent = left ? (hours ? `${hours}:${rest}` : rest) : "Ended";
		bar.value = left;
		if (!warned && left <= 300) told.textContent = "The credentials end in five minutes.";
		warned ||= left <= 300;
		if (left) return;
		box.classList.add("over");
		told.textContent = "The credentials have ended.";
		clearInterval(timer);
	};
	const timer = setInterval(show, 1000);
	clock.hidden = bar.hidden = false;
	show();
}

function localTime(time) {
	const at = new Date(time.dateTime);
	time.title = time.textContent;
	time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

document.querySelectorAll("time").forEach(localTime);
document.querySelectorAll("[data-copy]").forEach(copy);
document.querySelectorAll("[data-left]").forEach(countDown);
document.querySelectorAll("form[action='/portal/favourites']").forEach(star);
document.querySelectorAll("#q").forEach(search);
document.querySelectorAll("form[data-leave]").forEach((form) => form.submit());
