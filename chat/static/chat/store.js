/** What the page knows. The newest version of a row wins, in whatever order they come. */

/** @typedef {{id: number, updated_at: number, asOf?: number}} Row */
/** @typedef {Row & {nickname: string, online: boolean}} User */
/** @typedef {Row & {created_at: number, source: string, html: string, user_id: number}} Message */

/** @template {Row} T */
class Table {
	/** @type {Map<number, T>} by id */
	rows = new Map()
	/** The greatest `updated_at`, in Unix seconds. */
	newest = 0

	/**
	 * Of two versions of one second, a push outlives an answer asked for before it came.
	 * @param {T} row @param {number} asOf when the server was asked
	 * @returns {boolean} false when something newer is known
	 */
	merge(row, asOf = performance.now()) {
		const old = this.rows.get(row.id)
		if (old && (row.updated_at - old.updated_at || asOf - Number(old.asOf)) < 0) return false
		this.rows.set(row.id, { ...row, asOf })
		this.newest = Math.max(this.newest, row.updated_at)
		return true
	}
}

/** @extends {Table<Message>} */
class Timeline extends Table {
	/** @type {number[]} ascending */
	ids = []
	/** @type {Set<number>} ids right before which messages may be missing */
	gaps = new Set()

	get last() {
		return this.ids.at(-1) ?? 0
	}

	/** How many known ids are smaller. @param {number} id */
	index(id) {
		let [low, high] = [0, this.ids.length]
		while (low < high) {
			const middle = (low + high) >> 1
			if (this.ids[middle] < id) low = middle + 1
			else high = middle
		}
		return low
	}

	/**
	 * What lies in a gap comes when the gap is loaded.
	 * @override @param {Message} message @param {number} [asOf]
	 */
	merge(message, asOf) {
		const isNew = !this.rows.has(message.id)
		const index = this.index(message.id)
		if (isNew && this.gaps.has(this.ids[index])) return false
		if (!super.merge(message, asOf)) return false
		if (isNew) this.ids.splice(index, 0, message.id)
		return true
	}

	/** @param {number} count of the newest, which stay @returns the ids that go */
	trim(count) {
		const gone = this.ids.splice(0, this.ids.length - count)
		for (const id of gone) {
			this.rows.delete(id)
			this.gaps.delete(id)
		}
		this.gaps.add(this.ids[0])
		return gone
	}
}

/** @type {Table<User>} */
export const users = new Table()
export const timeline = new Timeline()
