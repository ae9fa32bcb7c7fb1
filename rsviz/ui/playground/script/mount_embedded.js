// The component of a page that shows the picture of the playground among other things.

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".play"), text = JSON.stringify(data.plane)
  root.playground ??= new Playground(root, { ...data, ...data.plane, turn: 0 }, true)
  if (root.shown !== text) root.playground.present(data.plane, data.scenes)
  root.shown = text
  root.playground.readTheme()
  root.playground.redraw()
  return () => {}
}
