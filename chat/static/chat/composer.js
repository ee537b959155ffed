/** The composer: the message box with its draft, character count and keys. */

import { completes } from './completion.js'
import { grow, query } from './dom.js'
import { showNote } from './status.js'
import { load, save } from './storage.js'

const DRAFT = 'flack.draft'
const LIMIT = 10000
const NEAR_LIMIT = 9000

/** @type {HTMLFormElement} */
const form = query('#composer')
/** @type {HTMLTextAreaElement} */
const box = query('#message')

export const focusComposer = () => box.focus()

/** @param {boolean} isOpen true while a user is signed in */
export function toggleComposer(isOpen) {
	form.hidden = !isOpen
	changed()
}

/** @param {(source: string) => void} send @param {() => boolean} editLast false if there is none */
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
		if (excess > 0) return showNote(`Too long by ${excess}. Send it in parts.`, true)
		if (!source) return
		box.value = ''
		changed()
		showNote('')
		send(source)
	}
}

function changed() {
	grow(box)
	save(DRAFT, box.value || null)
	const length = [...box.value].length
	query('#length').textContent = length > NEAR_LIMIT ? `${length} of ${LIMIT} characters` : ''
	query('#length').classList.toggle('error', length > LIMIT)
}
