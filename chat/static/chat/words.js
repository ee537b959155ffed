/** The note under the box, and the quiet banner about the connection. */

import { find } from './dom.js'

const PATIENCE = 1000
const GOOD_NEWS = 4000
let noteTimer = 0
let bannerTimer = 0
let isLost = false

/** @param {string} words @param {boolean} isProblem stays until the next words */
export function say(words, isProblem = false) {
	const note = find('#note')
	note.textContent = words
	note.classList.toggle('error', isProblem)
	clearTimeout(noteTimer)
	if (!isProblem) noteTimer = setTimeout(say, GOOD_NEWS, '')
}

export function connectionLost() {
	if (isLost) return
	isLost = true
	clearTimeout(bannerTimer)
	bannerTimer = setTimeout(banner, PATIENCE, 'Connection lost. Trying to reconnect…')
}

export function connectionBack() {
	isLost = false
	clearTimeout(bannerTimer)
	if (!find('#status').textContent) return
	banner('Connected again.')
	bannerTimer = setTimeout(banner, GOOD_NEWS, '')
}

/** @param {string} words */
function banner(words) {
	find('#status').textContent = words
}
