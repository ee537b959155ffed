/** Message html: the only module that inserts html from the server. */

import { make } from './dom.js'
import { users } from './store.js'

/** What the server writes for a page without one. */
const NO_DESCRIPTION = 'No description found.'
const WORD = /^[\p{L}\p{N}]/u
/** A few emoji and nothing else. */
const ONLY_EMOJI = /^\s*(?:\p{RGI_Emoji}\s*){1,6}$/v
/** The `users.version` that the index below is of. */
let indexed = -1
/** @type {Map<string, number>} user ids by nickname */
let ids = new Map()
/** @type {Map<string, number>} user ids by nickname in lower case */
let foldedIds = new Map()
/** @type {number[]} of nicknames, in UTF-16 units, longest first */
let lengths = []

/** @param {HTMLElement} body @param {string} html sanitised by the server with nh3 */
export function showHtml(body, html) {
	body.innerHTML = html
	const properties = { target: '_blank', tabIndex: -1 } // like the buttons of a row
	for (const link of body.querySelectorAll('a')) Object.assign(link, properties)
	body.querySelectorAll(':scope > blockquote').forEach(showCard)
	body.classList.toggle('emoji', ONLY_EMOJI.test(body.textContent))
	body.querySelectorAll('ol').forEach(makeSpace)
	const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT)
	/** @type {Text[]} */
	const texts = []
	while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode))
	for (const text of texts) if (!text.parentElement?.closest('a, code')) markMentions(text)
}

/** Make the padding of a list as wide as its longest number. @param {HTMLOListElement} list */
function makeSpace(list) {
	const items = /** @type {HTMLLIElement[]} */ ([...list.children])
	const last = Math.max(list.start, ...items.map(({ value }) => value)) + items.length
	list.style.setProperty('--digits', String(String(last).length))
}

/**
 * Show the preview of a page as a card, with the host that the link leads to.
 * @param {Element} quote the server appends one for each page: its title, then its description
 */
function showCard(quote) {
	const [title, description] = quote.children
	const [link, ...others] = title?.childNodes ?? []
	if (!(link instanceof HTMLAnchorElement) || others.length) return
	if (link.host) quote.setAttribute('data-host', link.host)
	if (description?.textContent === NO_DESCRIPTION) description.remove()
}

/** Put `mark` around each @nickname of a known user. @param {Text} text */
function markMentions(text) {
	const { data } = text
	const parts = []
	let end = 0
	for (let at = data.indexOf('@'); at >= 0; at = data.indexOf('@', Math.max(at + 1, end))) {
		const found = WORD.test(data[at - 1] ?? '') ? null : findNickname(data, at + 1)
		if (!found) continue
		const mark = make('mark', {}, data.slice(at, found.end))
		mark.dataset.user = String(found.id)
		parts.push(data.slice(end, at), mark)
		end = found.end
	}
	if (end) text.replaceWith(...parts, data.slice(end))
}

/**
 * Return the longest nickname at this place, an exact match before one in another case. Offsets
 * refer to the text as it is: case conversion can change its length.
 * @param {string} text @param {number} at
 */
function findNickname(text, at) {
	if (indexed !== users.version) indexNicknames()
	for (const length of lengths) {
		const end = at + length
		const name = text.slice(at, end)
		const id = ids.get(name) ?? foldedIds.get(name.toLowerCase())
		if (id && !WORD.test(text.slice(end, end + 2))) return { id, end }
	}
	return null
}

function indexNicknames() {
	indexed = users.version
	const all = [...users.rows.values()]
	ids = new Map(all.map(({ id, nickname }) => [nickname, id]))
	foldedIds = new Map(all.map(({ id, nickname }) => [nickname.toLowerCase(), id]))
	lengths = [...new Set(all.map(({ nickname }) => nickname.length))].sort((a, b) => b - a)
}
