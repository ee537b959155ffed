/** Replying: a quotation of the message in the composer. */

import { focusComposer } from '../composer.js'
import { load } from '../lazy.js'
import { me } from '../session.js'
import { timeline, users } from '../store.js'

const { addToDraft } = await load('draft')
const QUOTED_LINES = 4
const QUOTED_LENGTH = 200

/** Quote a message in the composer, and mention its author. @param {number} id */
export function reply(id) {
	const message = timeline.rows.get(id)
	if (!message) return
	const { source, user_id: author } = message
	const lines = source.split('\n').filter((line) => line && !line.startsWith('>'))
	const quote = (/** @type {string} */ line) => `> ${[...line].slice(0, QUOTED_LENGTH).join('')}`
	const quoted = lines.slice(0, QUOTED_LINES).map(quote)
	if (lines.length > QUOTED_LINES) quoted.push('> …')
	const { nickname } = users.rows.get(author) ?? {} // unknown while it is not loaded
	addToDraft([...quoted, '', author === me() || !nickname ? '' : `@${nickname} `].join('\n'))
	focusComposer()
}
