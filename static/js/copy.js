// A button that copies a code. Without scripts it stays hidden, and the code can be held down and copied.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const told = button.nextElementSibling;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      told.textContent = button.dataset.copied;
    } catch {
      getSelection().selectAllChildren(document.getElementById("code"));
    }
  });
}
