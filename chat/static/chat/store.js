/** The rows that the page holds. The newest version of a row wins, in any order of arrival. */

/** @import {Deletion, Message, Row, User} from './types.js' */

/** An id above all others: a gap before it means that the newest messages are not loaded. */
export const END = Number.MAX_SAFE_INTEGER

/** The greatest `updated_at`, in Unix seconds. */
export let newest = 0
/**
 * Deletions of a class that are kept. They keep out rows that were under way when a deletion came,
 * in an answer or a push. That takes seconds; later the server no longer returns those rows.
 */
const MOST_DELETIONS = 1000
/** @type {Record<string, Deletion[]>} by class, oldest first */
export const deletions = { User: [], Message: [] }

/** Return true if a row was deleted. @param {string} name of its class @param {number} id */
export const isGone = (name, id) =>
	deletions[name].some(({ first, last }) => first <= id && id <= last)

/** Return true if a message or its author was deleted. @param {Message} message */
export const isDeleted = ({ id, user_id: author }) =>
	isGone('User', author) || isGone('Message', id)

/** Keep deletions, and return those that were not kept yet. @param {Deletion[]} given */
export function keepDeletions(given) {
	const fresh = given.filter(({ class: name, first, last }) =>
		!deletions[name].some((old) => old.first <= first && last <= old.last),
	)
	for (const deletion of fresh) deletions[deletion.class].push(deletion)
	const most = Math.max(MOST_DELETIONS, fresh.length)
	for (const kept of Object.values(deletions)) kept.splice(0, kept.length - most)
	return fresh
}

/** @template {Row} T */
class Table {
	/** @type {Map<number, T>} by id */
	rows = new Map()
	/** The number of changes so far. */
	version = 0

	/**
	 * Of two versions of one second, a push outlives an answer asked for before it came.
	 * @param {T} row @param {number} asOf when the server was asked
	 * @returns {boolean} false when something newer is known
	 */
	merge(row, asOf = performance.now()) {
		const old = this.rows.get(row.id)
		if (old && (row.updated_at - old.updated_at || asOf - Number(old.asOf)) < 0) return false
		this.rows.set(row.id, { ...row, asOf })
		this.version += 1
		newest = Math.max(newest, row.updated_at)
		return true
	}
}

/** @extends {Table<Message>} */
class Timeline extends Table {
	/** @type {number[]} ascending */
	ids = []
	/** @type {Set<number>} ids right before which messages may be missing */
	gaps = new Set([END])

	get last() {
		return this.ids.at(-1) ?? 0
	}

	/** Return the number of smaller ids. @param {number} id */
	index = (id) => this.ids.findLastIndex((known) => known < id) + 1

	/**
	 * What lies in a gap comes when the gap is loaded.
	 * @override @param {Message} message @param {number} [asOf]
	 */
	merge(message, asOf) {
		const old = this.rows.get(message.id)
		const at = this.index(message.id)
		if (isDeleted(message) || (!old && this.gaps.has(this.ids[at] ?? END))) return false
		if (!super.merge(message, asOf)) return false
		if (!old) this.ids.splice(at, 0, message.id)
		// An equal row keeps its selection.
		return old?.html !== message.html || old.edited_at !== message.edited_at
	}

	/**
	 * Return true if a push differs from the version of the same second that the page holds. Pushes
	 * of two nodes arrive in any order, so only the database can tell which of them is newer.
	 * @param {Message} message
	 */
	isTie({ id, updated_at: at, html }) {
		const old = this.rows.get(id)
		return old?.updated_at === at && old.html !== html
	}

	/**
	 * Remove rows; a gap before a removed row moves to the next one, or to the end.
	 * @param {number[]} ids @returns them
	 */
	remove(ids) {
		for (const id of ids) {
			const index = this.index(id)
			this.ids.splice(index, 1)
			this.rows.delete(id)
			if (this.gaps.delete(id)) this.gaps.add(this.ids[index] ?? END)
		}
		return ids
	}

	/** @param {number} count of newest rows to keep @returns the removed ids */
	trim(count) {
		this.gaps.add(this.ids[0])
		return this.remove(this.ids.slice(0, -count))
	}
}

/** @type {Table<User>} */
export const users = new Table()
export const timeline = new Timeline()
