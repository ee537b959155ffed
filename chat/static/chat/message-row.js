/** The row of one message: an `article` with its author, its time and its text. */

import { dayOf } from './day.js'
import { make, makeButton, query } from './dom.js'
import { me } from './session.js'
import { users } from './store.js'

const PAUSE = 300
/** Lines of text, roughly, above which a message is folded. */
const LONG = 24
const LINE = 90
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' })
const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** @param {number} userId */
export function makeRow(userId) {
	const time = make('a', { className: 'at', tabIndex: -1 }, make('time'))
	const row = make(
		'article',
		{ tabIndex: -1 },
		make('span', { className: 'avatar', ariaHidden: 'true' }),
		make('header', {}, make('bdi', { className: 'author' }, '…'), ' ', time),
		make('div', { className: 'body', dir: 'auto' }),
	)
	row.dataset.user = String(userId)
	// The golden angle gives neighbouring ids colours far apart.
	row.style.setProperty('--hue', String((userId * 137.5) % 360))
	showAuthor(row)
	return row
}

/** @param {HTMLElement} row @param {number} seconds Unix time */
export function showTime(row, seconds) {
	const date = new Date(seconds * 1000)
	const properties = { dateTime: date.toISOString(), title: full.format(date) }
	Object.assign(query('time', row), properties).textContent = clock.format(date)
	Object.assign(row.dataset, { at: seconds, day: dayOf(date) })
	showName(row)
}

/** Name a row for screen readers. @param {HTMLElement} row */
function showName(row) {
	row.ariaLabel = `${query('.author', row).textContent}, ${query('time', row).textContent}`
}

/** @param {HTMLElement} row @param {number | null} [seconds] Unix time of the last edit, if any */
export function showEdited(row, seconds) {
	query('.edited', row)?.remove()
	if (!seconds) return
	const date = new Date(seconds * 1000)
	const words = (dayOf(date) === row.dataset.day ? clock : short).format(date)
	const time = make('time', { dateTime: date.toISOString(), title: full.format(date) }, words)
	const above = query('.unfold', row) ?? query('.body', row)
	above.after(make('p', { className: 'edited' }, '(edited ', time, ')'))
}

/** Fold a message that takes up more than about half of the log. @param {HTMLElement} row */
export function fold(row) {
	const body = query('.body', row)
	const { length } = body.textContent.split('\n')
	const blocks = body.querySelectorAll('blockquote, li, p').length
	const isLong = body.textContent.length / LINE + length + blocks > LONG
	const button = query('.unfold', row)
	if (isLong === !!button) return // a button that stays keeps its label and the focus
	row.classList.toggle('long', isLong)
	row.classList.remove('open')
	button?.remove()
	if (isLong) body.after(makeButton('unfold', 'Show all', 'unfold'))
}

/** Show all of a folded message, or fold it again. @param {HTMLElement} row */
export function unfold(row) {
	query('.unfold', row).textContent = row.classList.toggle('open') ? 'Show less' : 'Show all'
}

/** @param {HTMLElement} row */
export function showAuthor(row) {
	const nickname = users.rows.get(Number(row.dataset.user))?.nickname
	if (!nickname) return
	query('.author', row).textContent = nickname
	query('.avatar', row).textContent = [...nickname][0].toUpperCase()
	showName(row)
}

/** @param {HTMLElement} row @param {import('./types.js').Item} item not sent yet */
export function showState(row, { source, error, wait }) {
	const line = query('.failed', row)
	// A countdown keeps its button, which may have the focus, and is read out only once.
	const seconds = line && query('[aria-live]', line)
	if (wait && seconds) return void (seconds.textContent = `${wait} s. `)
	query('.body', row).textContent = source
	line?.remove()
	row.dataset.state = error ? 'failed' : wait ? 'waiting' : 'pending'
	if (!error && !wait) return
	const words = error
		? [`Not sent. ${error} `, makeButton('retry', 'Retry')]
		: ['Too many messages: sent again in ', make('span', { ariaLive: 'off' }, `${wait} s. `)]
	row.append(make('p', { className: 'failed' }, ...words, makeButton('discard', 'Discard')))
}

/** Highlight this user's own messages and mentions. @param {HTMLElement} row */
export function showReader(row) {
	for (const element of [row, ...row.querySelectorAll('mark')]) {
		element.classList.toggle('me', element.dataset.user === String(me()))
	}
}

/**
 * @param {HTMLElement} row @param {HTMLElement} above
 * @returns true if both share an author line
 */
export const follows = ({ dataset: row }, { dataset: above }) =>
	row.user === above.user && Number(row.at) - Number(above.at) < PAUSE
