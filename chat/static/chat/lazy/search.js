/** The search among the messages of any age. A result leads to its message. */

import { request } from '../api.js'
import { meet } from '../controller.js'
import { make, query, textOf } from '../dom.js'
import { load, use } from '../lazy.js'
import { isMuted } from '../muted.js'
import { users } from '../store.js'

/** @import {Message} from '../types.js' */

const PAGE = 20
const LIMIT = 200
const PAUSE = 250
const HINT = 'Finds messages of any age with all these words, or words that begin with them.'
const when = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const { addPart } = await load('part')
const { excerpt } = await load('excerpt')
const dialog = await addPart('search')
/** @type {HTMLInputElement} */
const field = query('input', dialog)
const state = query('.state', dialog)
const results = query('.results', dialog)
const more = query('.more', dialog)
let timer = 0
/** The number of searches so far: the answer to an earlier one is dropped. */
let searches = 0
/** The oldest message that was found. */
let oldest = 0

export function open() {
	if (!dialog.open) dialog.showModal()
	field.focus()
	field.select()
}

const words = () => textOf(field).trim()

/** @param {string} sentence @param {...Node} action */
const tell = (sentence, ...action) => state.replaceChildren(sentence, ...action)

/** Search anew. */
function start() {
	clearTimeout(timer)
	results.replaceChildren()
	more.hidden = true
	oldest = 0
	search()
}

async function search() {
	searches += 1
	const number = searches
	const term = words()
	if (!term) return tell(HINT)
	if ([...term].length > LIMIT) return tell(`Search for at most ${LIMIT} characters.`)
	tell('Searching…')
	const before = oldest ? `&before=${oldest}` : ''
	try {
		const path = `/api/messages?q=${encodeURIComponent(term)}&limit=${PAGE}${before}`
		/** @type {{messages: Message[]}} */
		const { messages } = await request('GET', path)
		await meet(messages)
		if (number === searches) show(messages)
	} catch (error) {
		if (number !== searches) return
		const retry = make('button', { onclick: search, className: 'link small' }, 'Try again')
		tell(`${/** @type {Error} */ (error).message} `, retry)
	}
}

/** @param {Message[]} messages newest first */
function show(messages) {
	const shown = messages.filter(({ user_id: author }) => !isMuted(author))
	const first = results.children.length
	results.append(...shown.map(makeResult))
	oldest = messages.at(-1)?.id ?? oldest
	const hadFocus = document.activeElement === more
	more.hidden = messages.length < PAGE
	const { length } = results.children
	if (hadFocus) links()[Math.min(first, length - 1)]?.focus()
	if (!length && more.hidden) return tell('No message has these words.')
	if (!length) return tell('All found so far are by people whom you muted.')
	tell(`${length}${more.hidden ? '' : ' or more'} message${length === 1 ? '' : 's'}`)
}

/** @param {Message} message */
function makeResult({ id, source, user_id: author, created_at: at }) {
	const date = new Date(at * 1000)
	const time = make('time', { dateTime: date.toISOString() }, when.format(date))
	const name = make('bdi', { className: 'author' }, users.rows.get(author)?.nickname ?? '…')
	const text = make('span', { dir: 'auto' }, ...excerpt(source, words()))
	const link = make('a', { href: `${location.origin}/#m${id}` }, name, ' ', time, text)
	link.style.setProperty('--hue', String((author * 137.5) % 360))
	return make('li', {}, link)
}

/** @returns {HTMLElement[]} */
const links = () => [...results.querySelectorAll('a')]

field.oninput = () => {
	clearTimeout(timer)
	timer = setTimeout(start, PAUSE)
}
field.onkeydown = ({ key }) => {
	if (key === 'Enter') start()
}
results.onclick = (event) => {
	const link = event.target instanceof Element && event.target.closest('a')
	if (!link) return
	event.preventDefault()
	dialog.close()
	history.pushState(null, '', link.href)
	use('permalink', ({ goToLinked }) => goToLinked())
}
more.onclick = search
dialog.onkeydown = (event) => {
	// In a search field, Escape would only empty it.
	if (event.key === 'Escape') dialog.close()
	const stops = [field, ...links(), more].filter((stop) => !stop.hidden)
	const at = stops.findIndex((stop) => stop === document.activeElement)
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
	if (!step || at < 0) return
	event.preventDefault()
	stops[at + step]?.focus()
}
query('[data-action=close]', dialog).onclick = () => dialog.close()
tell(HINT)
