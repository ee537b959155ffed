/** The box to write in, with its draft, its count and its keys. */

import { completes } from './completion.js'
import { find, grow } from './dom.js'
import { load, save } from './storage.js'
import { say } from './words.js'

const DRAFT = 'flack.draft'
const LIMIT = 10000
const NEAR_LIMIT = 9000

/** @type {HTMLFormElement} */
const form = find('#composer')
/** @type {HTMLTextAreaElement} */
const box = find('#message')

export const focusComposer = () => box.focus()

/** @param {boolean} isOpen somebody is signed in */
export function toggleComposer(isOpen) {
	form.hidden = !isOpen
	changed()
}

/** @param {(source: string) => void} send @param {() => boolean} editLast false: there is none */
export function setUpComposer(send, editLast) {
	box.value = load(DRAFT) ?? ''
	box.addEventListener('input', changed)
	box.onkeydown = (event) => {
		if (event.isComposing || completes(event)) return
		if (event.key === 'Enter' && !event.shiftKey) form.requestSubmit()
		else if (event.key !== 'ArrowUp' || box.value || !editLast()) return
		event.preventDefault()
	}
	form.onsubmit = (event) => {
		event.preventDefault()
		box.focus()
		const source = box.value.trimEnd().replace(/^\s*\n/, '')
		const excess = [...source].length - LIMIT
		if (excess > 0) return say(`Too long by ${excess}. Send it in parts.`, true)
		if (!source) return
		box.value = ''
		changed()
		say('')
		send(source)
	}
}

function changed() {
	grow(box)
	save(DRAFT, box.value || null)
	const length = [...box.value].length
	find('#length').textContent = length > NEAR_LIMIT ? `${length} of ${LIMIT} characters` : ''
	find('#length').classList.toggle('error', length > LIMIT)
}
