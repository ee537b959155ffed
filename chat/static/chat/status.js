/** The note under the message box, and the banner about the connection. */

import { query } from './dom.js'

const PATIENCE = 1000
const GOOD_NEWS = 4000
let noteTimer = 0
let bannerTimer = 0
let isLost = false

/** @param {string | Node} words @param {boolean} isProblem true keeps it until the next one */
export function showNote(words, isProblem = false) {
	const note = query('#note')
	note.replaceChildren(words)
	note.classList.toggle('error', isProblem)
	clearTimeout(noteTimer)
	if (!isProblem) noteTimer = setTimeout(showNote, GOOD_NEWS, '')
}

export function connectionLost() {
	if (isLost) return
	isLost = true
	clearTimeout(bannerTimer)
	bannerTimer = setTimeout(banner, PATIENCE, 'Connection lost. Trying to reconnect…')
}

/** Show that the page polls. @param {boolean} works false if polls fail too */
export function connectionPolled(works) {
	if (!isLost) return
	clearTimeout(bannerTimer)
	banner(`Connection lost. ${works ? 'Refreshing every few seconds.' : 'Trying to reconnect…'}`)
}

export function connectionBack() {
	isLost = false
	clearTimeout(bannerTimer)
	if (!query('#status').textContent) return
	banner('Connected again.')
	bannerTimer = setTimeout(banner, GOOD_NEWS, '')
}

/** @param {string} words */
function banner(words) {
	query('#status').textContent = words
}
