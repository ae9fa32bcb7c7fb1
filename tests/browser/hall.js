// () => what a hall sees of a step of a lesson: its words, the smallest letters in pixels, what can be operated, the
// share of the height that the picture has, and what does not fit on the screen.
() => {
  const root = [...document.querySelectorAll("*")].map((element) => element.shadowRoot?.querySelector(".deck")).find(Boolean);
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    const hidden = element.closest(".live, .stale");
    return !hidden && box.width > 2 && box.height > 2 && element.checkVisibility({ visibilityProperty: true });
  };
  const texts = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement, text = node.textContent.trim();
    if (text && !element.closest("option, style, script") && seen(element)) texts.push({ text, element });
  }
  const size = (element) => {
    const scale = element instanceof SVGElement ? element.getScreenCTM().a : 1;
    return Math.hypot(scale, element instanceof SVGElement ? element.getScreenCTM().b : 0) * parseFloat(getComputedStyle(element).fontSize);
  };
  const outside = texts.filter(({ element }) => {
    const box = element.getBoundingClientRect();
    return box.left < -1 || box.right > innerWidth + 1 || (root.hasAttribute("data-hall") && box.bottom > innerHeight + 1);
  });
  const said = texts.filter(({ element }) => !(element instanceof SVGElement) && !element.closest("table.bars, output"));
  const controls = [...root.querySelectorAll("button, select, input, canvas[tabindex], a[href]")].filter((one) => seen(one) && !one.closest("[inert]"));
  const picture = [".svg", ".embed .picture", ".page"].map((name) => root.querySelector(name)).find((one) => one && seen(one));
  const drawing = picture?.querySelector?.("svg") ?? picture;
  const box = drawing?.getBoundingClientRect() ?? { height: 0 };
  return {
    words: said.flatMap(({ text }) => text.split(/\s+/)).filter((word) => /[\p{L}\p{N}]/u.test(word)).length,
    smallest: Math.min(...texts.map(({ element }) => size(element))),
    small: texts.map(({ text, element }) => [size(element), text]).sort((a, b) => a[0] - b[0])[0],
    controls: controls.length,
    height: box.height / innerHeight,
    scrolls: document.scrollingElement.scrollHeight > innerHeight + 1 && !root.hasAttribute("data-hall"),
    wide: Math.max(document.scrollingElement.scrollWidth, root.scrollWidth) > innerWidth + 1,
    outside: outside.map(({ text }) => text),
  };
}
