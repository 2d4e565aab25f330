// What pages need beside htmx: the choice of colours, and a word where a request came to nothing.
"use strict";

const THEMES = ["", "light", "dark"];
const WORDS = { "": "as the system", light: "light", dark: "dark" };
const root = document.documentElement;
const button = document.getElementById("theme");

function show() {
  button.textContent = `Colours: ${WORDS[root.dataset.theme || ""]}`;
}

button.addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme || "") + 1) % THEMES.length];
  root.dataset.theme = next;
  try {
    localStorage.setItem("boardhand-theme", next);
  } catch {
    // Not kept for the next page.
  }
  show();
});
show();

function say(text) {
  const said = document.getElementById("said");
  said.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { said.textContent = ""; }, 10000);
}

function sentence(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const found = page.querySelector("main p");
  return found ? found.textContent.trim() : "";
}

document.body.addEventListener("htmx:responseError", (event) => {
  const answer = event.detail.xhr;
  say(sentence(answer.responseText) || `That did not work (${answer.status}).`);
});
document.body.addEventListener("htmx:sendError", () => say("The dashboard cannot be reached."));

// A form that asks before it acts: data-confirm is the question.
document.body.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});
