// The colours that a person chose, before the page is painted. "" is as the system has it.
"use strict";
try {
  document.documentElement.dataset.theme = localStorage.getItem("boardhand-theme") || "";
} catch {
  // Storage is closed to us: the system's colours.
}
