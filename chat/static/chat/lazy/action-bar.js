/** The actions of each message: a bar in its row, and the keys that move between rows. */

import { focusComposer } from '../composer.js'
import { make, makeButton, query } from '../dom.js'
import { load } from '../lazy.js'
import { watchRows } from '../message-list.js'
import { rights } from '../rights.js'
import { me } from '../session.js'
import { showNote } from '../status.js'

const { addStyle } = await load('part')
await addStyle('action-bar.css')

const log = query('#log')
const list = query('#list')
/** True where the bar is below the text, as in action-bar.css. */
const isBelow = matchMedia('(hover: none), (max-width: 44em)')
const CLICKED = 'a, button, .author, .avatar, mark'
/** Lines in a square of 24. */
const ICONS = {
	reply: 'M9 6 4 11l5 5M4 11h9a7 7 0 0 1 7 7v1',
	link: 'M10 14a5 5 0 0 0 7 0l3-3a5 5 0 0 0-7-7l-1 1m2 5a5 5 0 0 0-7 0l-3 3a5 5 0 0 0 7 7l1-1',
	edit: 'M4 20h4L19 9l-4-4L4 16zm9-13 4 4',
	delete: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
	copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
}

/**
 * Give a row the actions that this user may take. Rows of other users get them when the pointer or
 * the focus comes, because it would take long to make them for thousands of rows.
 * @param {HTMLElement} row
 */
export function addActions(row) {
	if (query('.actions', row) || row.dataset.state) return
	const mayWrite = me() && !rights.is_banned
	const isMine = row.dataset.user === String(me())
	/** @type {[keyof typeof ICONS, string | false | 0][]} */
	const actions = [
		['reply', mayWrite && 'Reply'],
		['link', 'Copy link'],
		['edit', mayWrite && isMine && 'Edit'],
		['delete', mayWrite && (isMine || rights.is_staff) && 'Delete'],
	]
	const bar = make('div', { className: 'actions', ariaLive: 'off' })
	for (const [action, title] of actions) if (title) bar.append(makeIcon(action, title, title))
	row.append(bar)
	for (const code of row.querySelectorAll('pre')) {
		if (!query('button', code)) code.append(makeIcon('copy', 'Copy code'))
	}
}

/**
 * @param {keyof typeof ICONS} action @param {string} title
 * @param {string} label shown on touch screens
 */
function makeIcon(action, title, label = '') {
	const button = Object.assign(makeButton(action, label), { title, ariaLabel: title })
	const [svg, path] = ['svg', 'path'].map((name) =>
		document.createElementNS('http://www.w3.org/2000/svg', name),
	)
	svg.setAttribute('viewBox', '0 0 24 24')
	path.setAttribute('d', ICONS[action])
	svg.append(path)
	button.prepend(svg)
	return button
}

// The focus stays in the row or the composer, as on a touch screen it keeps the bar open. Where the
// bar is below the text, opening it would move what is clicked away from the pointer.
list.addEventListener('mousedown', (event) => {
	const clicked = isBelow.matches ? `.actions, ${CLICKED}` : '.actions'
	if (event.target instanceof Element && event.target.closest(clicked)) event.preventDefault()
})

/** Show a row anew, after a change of its message or of what the user may do. */
watchRows((row) => {
	const { activeElement } = document
	query('.actions', row)?.remove()
	if (row.classList.contains('me') || row.matches(':hover, :focus-within')) addActions(row)
	if (row.contains(activeElement)) setTabStops(row, 0)
})

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const rowAt = (target) => (target instanceof Element ? target.closest('article') : null)

/** Let Tab reach what is in a row, or not. @param {HTMLElement} row @param {number} tabIndex */
function setTabStops(row, tabIndex) {
	/** @type {NodeListOf<HTMLElement>} */
	const stops = row.querySelectorAll('a, button')
	for (const stop of stops) stop.tabIndex = tabIndex
}

/** The log is one stop of the Tab key. In the row that has the focus, Tab goes on to its parts.
 * @param {HTMLElement} row */
export function enter(row) {
	addActions(row)
	setTabStops(row, 0)
}

list.addEventListener('focusout', ({ target, relatedTarget }) => {
	const row = rowAt(target)
	if (row && rowAt(relatedTarget) !== row) setTabStops(row, -1)
})

/** A tap moves the focus only in some browsers. @param {HTMLElement} row */
export function tap(row) {
	addActions(row)
	const isTap = !row.contains(document.activeElement) && getSelection()?.isCollapsed
	if (isTap) row.focus({ preventScroll: true })
}

/** @param {string} text @param {string} done */
const copy = (text, done) =>
	navigator.clipboard?.writeText(text).then(
		() => showNote(done),
		() => showNote('The browser does not allow copying here.', true),
	) ?? showNote('The browser allows copying only on secure pages (https).', true)

/** @param {number} id of a message */
export const copyLink = (id) => copy(`${location.origin}/#m${id}`, 'The link is copied.')

/** @param {HTMLElement} button of a block of code */
export const copyCode = ({ previousElementSibling: code }) =>
	copy(code?.textContent ?? '', 'The code is copied.')

/** @param {string} key @param {Element} from the log, or one of its rows and gaps */
export function press(key, from) {
	if (key === 'Escape') return focusComposer()
	const stops = [...list.querySelectorAll('article, .gap button')].filter(
		(stop) => /** @type {HTMLElement} */ (stop).checkVisibility(),
	)
	const { bottom } = log.getBoundingClientRect()
	const next =
		from === log
			? stops.findLast((stop) => stop.getBoundingClientRect().top < bottom - 8)
			: stops[stops.indexOf(from) + (key === 'ArrowUp' ? -1 : 1)]
	if (next instanceof HTMLElement) {
		next.focus({ preventScroll: true })
		next.scrollIntoView({ block: 'nearest' })
	} else if (key === 'ArrowDown') focusComposer()
}
