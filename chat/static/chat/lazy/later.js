/** The result of work that the server put into its queue (RFC 7240). */

import { problem, request } from '../api.js'

const PAUSE = 500
/** Milliseconds after which the user is told, and the page no longer asks. */
const PATIENCE = 60000

/** When the page gives up each result. @type {Map<string, number>} by its path */
const ends = new Map()

/**
 * Ask for the result until it is there.
 * @param {Response} response with status 202
 * @param {string} [authorization] instead of the session's token
 * @returns {Promise<any>} as of `request`
 */
export async function result(response, authorization) {
	const path = response.headers.get('Location') ?? ''
	const end = ends.get(path) ?? Date.now() + PATIENCE
	ends.set(path, end)
	try {
		await new Promise((done) => setTimeout(done, PAUSE))
		if (Date.now() > end) throw problem(503, 'The server has not done this yet. Look again later.')
		return await request('GET', path, undefined, authorization)
	} finally {
		ends.delete(path)
	}
}
