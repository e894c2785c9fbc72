// Before anything is painted: what the person chose, else what the machine prefers. A classic script, so that it blocks.
(() => {
  const root = document.documentElement;
  const machine = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const chosen = root.dataset.theme;
    root.dataset.bsTheme = chosen === "dark" || (!chosen && machine.matches) ? "dark" : "light";
  };
  paint();
  machine.addEventListener("change", paint);
  new MutationObserver(paint).observe(root, { attributeFilter: ["data-theme"] });
})();
