/** The editor that replaces the body of a message. */

import { grow, hasTouchKeyboard, isComposing, make, query, textOf } from '../dom.js'

/**
 * @param {HTMLElement} row @param {string} source
 * @param {(source: string) => Promise<void>} save rejects with an error to show
 * @param {() => void} closed
 */
export function editRow(row, source, save, closed) {
	if (query('.editor', row)) return
	const body = query('.body', row)
	const box = make('textarea', { value: source, rows: 1, dir: 'auto', ariaLabel: 'Edit text' })
	const problem = make('span', { className: 'error', role: 'alert' })
	const accept = make('button', {}, 'Save')
	const cancel = make('button', {}, 'Cancel')
	const line = make('p', {}, accept, cancel, problem)
	const editor = make('div', { className: 'editor' }, box, line)

	function close() {
		editor.remove()
		body.hidden = false
		closed()
	}

	function submit() {
		const text = textOf(box)
		const saved = text === source ? Promise.resolve() : save(text)
		saved.then(close, ({ message }) => (problem.textContent = message))
	}

	accept.onclick = submit
	cancel.onclick = close
	box.oninput = () => grow(box)
	editor.onkeydown = (event) => {
		if (isComposing(event)) return
		if (event.key === 'Escape') close()
		else if (event.key !== 'Enter' || event.target !== box) return
		else if (event.shiftKey || hasTouchKeyboard()) return
		else submit()
		event.preventDefault()
	}
	body.hidden = true
	body.after(editor)
	grow(box)
	box.focus()
	box.setSelectionRange(source.length, source.length)
}
