// () => what is wrong with the pictures of the page: words below 14 pixels, and pictures whose alternative text is
// missing, without a number, or the same as that of another one. `window.drawnWords`: see drawn_words.js.
() => {
  const LEAST = 14;
  const found = [];
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const all = (selector, root = document) => [
    ...root.querySelectorAll(selector),
    ...[...root.querySelectorAll("*")].flatMap((element) => (element.shadowRoot ? all(selector, element.shadowRoot) : [])),
  ];
  const name = (element) =>
    element.closest("[aria-label]")?.ariaLabel ?? element.getAttribute("alt") ?? "";

  for (const text of all("svg text").filter((text) => shown(text) && text.textContent.trim())) {
    const size = parseFloat(getComputedStyle(text).fontSize) * Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b);
    if (size < LEAST - 0.01) found.push(`${size.toFixed(1)} px: ${text.textContent.slice(0, 40)}`);
  }
  for (const [text, size] of window.drawnWords) {
    if (size < LEAST - 0.01) found.push(`${size.toFixed(1)} px on a canvas: ${text.slice(0, 40)}`);
  }
  for (const plot of all(".js-plotly-plot").filter(shown)) {
    const axes = ["xaxis", "yaxis", "zaxis"].map((axis) => plot._fullLayout.scene[axis]);
    const fonts = axes.flatMap((axis) => [axis.tickfont, axis.title.font]).concat(plot._fullLayout.legend.font);
    found.push(...fonts.filter((font) => font.size < LEAST).map((font) => `${font.size} px in three dimensions`));
  }
  const charts = all(".vega-embed, .js-plotly-plot").filter(shown);
  const names = charts.map(name);
  charts.forEach((chart, i) => {
    if (!/\d/.test(names[i])) found.push(`a chart whose text has no number: "${names[i]}"`);
    if (names.indexOf(names[i]) < i) found.push(`two charts with one text: "${names[i]}"`);
  });
  for (const picture of all("img, canvas").filter(shown)) {
    // a table of Streamlit is a canvas, with a table for screen readers inside
    if (!name(picture).trim() && !picture.closest("[data-testid=stDataFrame]")) found.push(`no text: ${picture.outerHTML.slice(0, 120)}`);
  }
  return [...new Set(found)];
}
