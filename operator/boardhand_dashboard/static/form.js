// What the pool's form needs beside htmx: marks of controls that are wrong, and a button that copies.
"use strict";

function mark() {
  for (const error of document.querySelectorAll("#pool-form .wrong")) {
    const control = document.getElementById(error.id.replace(/^error-/, ""));
    if (error.textContent.trim()) {
      control.setAttribute("aria-invalid", "true");
      control.closest("details")?.setAttribute("open", "");
    } else {
      control.removeAttribute("aria-invalid");
    }
  }
}

function copiers() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
}

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "outcome") {
    mark();
    copiers();
    document.getElementById("outcome").focus();
  }
});

document.body.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  }
});

copiers();
