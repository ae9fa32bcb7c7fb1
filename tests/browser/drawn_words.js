// Before the page loads: keeps in window.drawnWords each [text, pixels of its letters] that is written on a canvas.
window.drawnWords = [];
for (const way of ["fillText", "strokeText"]) {
  const write = CanvasRenderingContext2D.prototype[way];
  CanvasRenderingContext2D.prototype[way] = function (text, ...place) {
    const size = parseFloat(this.font.match(/([\d.]+)px/)[1]);
    const { a, b } = this.getTransform();
    if (String(text).trim()) window.drawnWords.push([String(text), (size * Math.hypot(a, b)) / devicePixelRatio]);
    return write.call(this, text, ...place);
  };
}
