// The component of the Playground page.

export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".play")
  root.playground ??= new Playground(root, data)
  root.playground.receive(data, setStateValue)
  return () => {}
}
