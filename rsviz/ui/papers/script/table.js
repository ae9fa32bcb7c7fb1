// The rows of the table. data: { chosen: id, rows: [{ id, paper, claim, verdict }] }
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".papers")
  const body = root.querySelector("tbody")
  const text = JSON.stringify(data.rows)
  if (root.text !== text) {
    root.text = text
    body.replaceChildren(...data.rows.map(row))
    root.scrollTop = 0
  }
  const buttons = [...body.querySelectorAll("button")]
  const hadFocus = buttons.includes(root.getRootNode().activeElement)
  for (const button of buttons) {
    const isChosen = button.dataset.id === data.chosen
    button.closest("tr").classList.toggle("chosen", isChosen)
    if (isChosen) button.setAttribute("aria-current", "true")
    else button.removeAttribute("aria-current")
    if (!hadFocus) button.tabIndex = isChosen ? 0 : -1
    if (isChosen && root.chosen !== data.chosen) showRow(root, button)
  }
  if (root.asked === data.chosen && matchMedia("(max-width: 768px)").matches) {
    root.scrollIntoView({ block: "start" })  // the detail is below the table
  }
  root.chosen = data.chosen
  root.asked = null

  body.onclick = event => {
    const button = event.target.closest("tr")?.querySelector("button")
    if (!button) return
    root.asked = button.dataset.id
    setTriggerValue("chosen", button.dataset.id)
  }
  body.onkeydown = event => {
    const at = buttons.indexOf(event.target)
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }
    const next = buttons[places[event.key]]
    if (!next) return
    event.preventDefault()
    buttons.forEach(button => { button.tabIndex = button === next ? 0 : -1 })
    next.focus()
  }
  return () => {}
}

function row({ id, paper, claim, verdict }) {
  const line = document.createElement("tr")
  const isErratum = /^[A-D]\d+$/.test(id)
  const name = isErratum ? `${paper} · ${id}` : paper
  const button = document.createElement("button")
  button.type = "button"
  button.dataset.id = id
  button.append(made("small", name), made("span", claim))
  const cells = [made("td", name), made("td"), made("td", verdict)]
  cells[0].className = "paper"
  cells[1].className = "claim"
  cells[1].append(button)
  cells[2].className = "verdict"
  cells[2].dataset.verdict = verdict
  line.append(...cells)
  return line
}

function made(name, words = "") {
  const element = document.createElement(name)
  element.textContent = words
  return element
}

// Scroll the table, and not the page, so that the row of this button is seen.
function showRow(root, button) {
  const line = button.closest("tr")
  const head = root.querySelector("thead").offsetHeight
  const above = line.offsetTop - head
  const below = line.offsetTop + line.offsetHeight - root.clientHeight
  if (root.scrollTop > above) root.scrollTop = above
  else if (root.scrollTop < below) root.scrollTop = below
}
