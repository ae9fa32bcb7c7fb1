// () => the words that are shown with a contrast below 4.5 to 1 (WCAG 2), each with its colours.
// Left out: what is disabled, and Streamlit's own status, which fades in and out whenever something runs.
() => {
  const IGNORED = "script, style, noscript, :disabled, [aria-disabled=true], [data-testid=stStatusWidget]";
  const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
    willReadFrequently: true,
  });
  const parts = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = (above, below) => [0, 1, 2].map((i) => above[i] * above[3] + below[i] * (1 - above[3])).concat(1);
  const luminance = (colour) => {
    const [red, green, blue] = colour.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const parent = (element) => element.parentElement ?? element.getRootNode().host;
  const opacity = (element) => (element ? +getComputedStyle(element).opacity * opacity(parent(element)) : 1);
  const paint = (element) => {
    const style = getComputedStyle(element);
    if (!(element instanceof SVGElement)) return parts(style.backgroundColor);
    if (["svg", "g", "text", "tspan"].includes(element.tagName) || style.fill === "none") return [0, 0, 0, 0];
    const fill = parts(style.fill);
    fill[3] *= style.fillOpacity * opacity(element);
    return fill;
  };
  const found = [];
  // also those of components, which have a tree of their own
  const texts = (root) =>
    [...root.querySelectorAll("*")].flatMap((element) => [
      ...[...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE),
      ...(element.shadowRoot ? texts(element.shadowRoot) : []),
    ]);
  for (const node of texts(document.body)) {
    const text = node.textContent.trim();
    const element = node.parentElement;
    if (!text || element.closest(IGNORED)) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    element.scrollIntoView({ block: "center" });
    const box = range.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const stack = element.getRootNode().elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    const place = stack.findIndex((other) => other === element || element.contains(other) || other.contains(element));
    if (place < 0) continue; // scrolled away inside its own box
    const ground = stack.slice(place).reverse().reduce((below, other) => over(paint(other), below), [255, 255, 255, 1]);
    const style = getComputedStyle(element);
    const ink = parts(element instanceof SVGElement ? style.fill : style.color);
    ink[3] *= opacity(element);
    const colour = over(ink, ground);
    const [low, high] = [luminance(colour), luminance(ground)].sort((one, other) => one - other);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) found.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}, ${colour.map(Math.round)} on ${ground.map(Math.round)}`);
  }
  return found;
}
