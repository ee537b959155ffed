/** Message html: the only module that inserts html from the server. */

import { make } from './dom.js'
import { users } from './store.js'

const WORD = /^[\p{L}\p{N}]/u

/** @param {HTMLElement} body @param {string} html sanitised by the server with nh3 */
export function showHtml(body, html) {
	body.innerHTML = html
	for (const link of body.querySelectorAll('a')) link.target = '_blank'
	for (const code of body.querySelectorAll('pre')) code.tabIndex = 0
	const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT)
	/** @type {Text[]} */
	const texts = []
	while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode))
	for (const text of texts) if (!text.parentElement?.closest('a, code')) markMentions(text)
}

/** Put `mark` around each @nickname of a known user. @param {Text} text */
function markMentions(text) {
	let at = text.data.indexOf('@')
	while (at >= 0) {
		const user = WORD.test(text.data[at - 1] ?? '') ? null : mentioned(text.data.slice(at + 1))
		if (user) {
			const mention = text.splitText(at)
			text = mention.splitText(user.nickname.length + 1)
			const mark = make('mark')
			mark.dataset.user = String(user.id)
			mention.replaceWith(mark)
			mark.append(mention)
		}
		at = text.data.indexOf('@', user ? 0 : at + 1)
	}
}

/** @param {string} text @returns the user with the longest nickname that the text starts with */
function mentioned(text) {
	const low = text.toLowerCase()
	const fitting = [...users.rows.values()].filter(
		({ nickname: name }) =>
			low.startsWith(name.toLowerCase()) && !WORD.test(text.slice(name.length)),
	)
	return fitting.sort((a, b) => b.nickname.length - a.nickname.length)[0]
}
