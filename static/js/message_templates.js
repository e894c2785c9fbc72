// The editor: places go in where the cursor stands, characters are counted, the step's places follow the step.
const editor = document.getElementById("editor");
if (editor) {
  editor.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-place]");
    if (!chip) return;
    const area = document.getElementById(chip.closest("[data-palette]").dataset.palette);
    area.focus();
    area.setRangeText(`{{${chip.dataset.place}}}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const counters = [...editor.querySelectorAll("[data-count]")];
  const count = () => {
    for (const counter of counters) {
      const length = [...document.getElementById(counter.dataset.count).value].length;
      counter.textContent = `${length} / ${counter.dataset.most}`;
      counter.classList.toggle("over", length > Number(counter.dataset.most));
    }
  };
  editor.addEventListener("input", count);
  count();
}
