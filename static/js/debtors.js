// The debtor's page: cards open and close, codes are copied. Links and forms work without it.
import { toast } from "./page.js";

document.addEventListener("click", async (event) => {
  const closer = event.target.closest?.("[data-card-close]");
  if (closer) {
    const card = closer.closest("[data-card]");
    const place = card.closest("#card");
    if (place) card.remove();
    else history.back();
    return;
  }
  const copier = event.target.closest?.("[data-copy]");
  if (copier) {
    const text = document.querySelector(copier.dataset.copy)?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text.trim());
      toast(copier.dataset.copied || "✓", "success");
    } catch {
      getSelection().selectAllChildren(document.querySelector(copier.dataset.copy));
    }
  }
});

// A card that came in gets the focus; one that has done its work goes by itself unless it shows something.
document.addEventListener("htmx:afterSwap", (event) => {
  for (const menu of document.querySelectorAll(".debtor-acts details[open]")) menu.open = false;
  const card = document.querySelector("#card [data-card]");
  if (!card || event.detail.target?.closest?.("#debtor")) return;
  const first = card.querySelector("[autofocus], form input:not([type=hidden]), form select, form textarea");
  if (!card.classList.contains("done")) first?.focus();
  else if (!card.hasAttribute("data-stays")) setTimeout(() => card.remove(), 2500);
});
