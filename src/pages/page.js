"use strict";
// Each part of a page has a state that it is shown in; a form names the call that it makes and the state that follows.
// The link's token stands in the fragment, which browsers send to no server; it leaves only in a call's body, and only
// when somebody presses the button: programs that open links in letters to look at them change nothing.

const token = new URLSearchParams(location.hash.slice(1)).get("token");
const problem = document.querySelector(".problem[role=alert]");

function show(state, focus) {
  for (const part of document.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== state;
  const part = document.querySelector(`[data-state="${state}"]`);
  if (focus) (part.querySelector("input") ?? part).focus();
}

function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

function complain(...parts) {
  problem.replaceChildren(...parts);
  problem.hidden = parts.length === 0;
}

function clear(form) {
  complain();
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const error of form.querySelectorAll(".error")) error.hidden = true;
}

// A used link is worthless, and its token need not stay in the address bar and the history.
function forgetToken() {
  history.replaceState(null, "", location.pathname);
}

function fill(answer) {
  for (const place of document.querySelectorAll("[data-fill]")) {
    const value = place.dataset.fill.slice(1).split("/").reduce((part, name) => part?.[name], answer);
    place.textContent = String(value ?? "").replaceAll("_", " ");
  }
}

function mark(input, message) {
  const error = document.getElementById(`${input.id}-error`);
  error.textContent = message;
  error.hidden = false;
  input.setAttribute("aria-invalid", "true");
}

function explain(form, answer) {
  const errors = answer.errors ?? [];
  const inputOf = (error) => document.getElementById(error.pointer.slice(1));
  // What is missing may have a form of its own, which comes next.
  const next = errors.map(inputOf).find((input) => input && input.form !== form);
  if (next && errors.every((error) => error.code === "missing")) return show(next.form.dataset.state, true);
  const others = errors.filter((error) => inputOf(error)?.form !== form);
  const marked = errors.filter((error) => !others.includes(error));
  for (const error of marked) mark(inputOf(error), error.message);
  if (marked.length > 0) inputOf(marked[0]).focus();
  if (answer.code === "link_expired") {
    forgetToken();
    for (const lost of document.querySelectorAll(".lost")) lost.hidden = true;
    show("ask");
  }
  if (errors.length > 0 && others.length === 0) return complain(paragraph("Please look at what is marked."));
  const list = document.createElement("ul");
  for (const error of others) {
    const item = document.createElement("li");
    item.textContent = `${error.pointer.slice(1)} ${error.message}`;
    list.append(item);
  }
  const said = [paragraph(`${answer.title}.`), paragraph(answer.detail)];
  complain(...said, ...(others.length > 0 ? [list] : []));
}

async function call(form) {
  const body = Object.fromEntries(new FormData(form));
  if ("token" in form.dataset) body.token = token;
  const response = await fetch(form.dataset.call, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
  });
  const text = await response.text();
  return { ok: response.ok, answer: text ? JSON.parse(text) : {} };
}

async function submit(form, button) {
  clear(form);
  button.setAttribute("aria-disabled", "true");
  try {
    const { ok, answer } = await call(form);
    if (!ok) return explain(form, answer);
    fill(answer);
    forgetToken();
    show(form.dataset.then, true);
  } catch {
    complain(paragraph("The server could not be reached. Try again in a moment."));
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    if (!button.hasAttribute("aria-disabled")) submit(form, button);
  });
}

for (const box of document.querySelectorAll("[data-shows]")) {
  box.addEventListener("change", () => {
    document.getElementById(box.dataset.shows).type = box.checked ? "text" : "password";
  });
}

if (document.querySelector("[data-state]")) show(token ? "ready" : "ask");
// Another link in the same tab differs in the fragment only, for which a browser does not load the page again.
addEventListener("hashchange", () => location.reload());
