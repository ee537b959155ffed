/** Excerpts of found messages: what surrounds the first word that was found. */

import { make } from '../dom.js'

const BEFORE = 60
const LENGTH = 240
/** Half a surrogate pair, where a text without spaces is cut. */
const HALF = /\p{Surrogate}/gu
/** A character of a script whose words are spaced. */
const SPACED = '[\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{N}]'

/**
 * Return the part of a text around the first found word, with a `mark` around each.
 * @param {string} source @param {string} words @returns {(string | HTMLElement)[]}
 */
export function excerpt(source, words) {
	const text = source.replace(/\s+/g, ' ')
	const terms = words.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
	// Scripts without spaces are searched by character, others by the beginnings of words.
	const found = new RegExp(`(?<!${SPACED})(?:${terms.join('|') || '$^'})`, 'giu')
	const at = Math.max(0, text.search(found))
	const space = text.indexOf(' ', at - BEFORE) + 1
	const start = at > BEFORE ? Math.min(at, space || at - BEFORE) : 0
	const part = text.slice(start, start + LENGTH).replace(HALF, '')
	/** @type {(string | HTMLElement)[]} */
	const parts = [start ? '… ' : '']
	let end = 0
	for (const { index, 0: word } of part.matchAll(found)) {
		parts.push(part.slice(end, index), make('mark', {}, word))
		end = index + word.length
	}
	parts.push(part.slice(end), start + LENGTH < text.length ? ' …' : '')
	return parts
}
