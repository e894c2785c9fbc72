// Set-up pages: <button data-copy="#field" data-copied="Copied"> and a field that takes a dropped file.
import { toast } from "./page.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  const field = button && document.querySelector(button.dataset.copy);
  if (!field) return;
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select(); // no clipboard on plain http: it is marked, and the person copies it
    document.execCommand?.("copy");
  }
  toast(button.dataset.copied, "success");
});

for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = zone.querySelector("input[type=file]");
  const words = zone.querySelector("label span");
  const say = () => { if (input.files.length) words.textContent = input.files[0].name; };
  input.addEventListener("change", say);
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    say();
  });
}

// On a narrow screen the tab that is open may lie outside: show it.
document.querySelector(".setup .tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
