/** Requests to the HTTP API, with errors as sentences for the user. */

import { load } from './lazy.js'
import { endSession, session } from './session.js'

/** @import {Problem} from './types.js' */

/**
 * @param {string} method @param {string} path with its query
 * @param {object} [body] @param {string} [authorization] instead of the session's token
 * @param {Record<string, string>} [extra] headers
 * @returns {Promise<any>} the JSON of the answer, null for 204
 * @throws {Problem}
 */
export async function request(method, path, body, authorization, extra = {}) {
	const token = session?.token
	/** @type {Record<string, string>} */
	const headers = { Accept: 'application/json', ...extra }
	if (body) headers['Content-Type'] = 'application/json'
	if (authorization || token) headers.Authorization = authorization ?? `Bearer ${token}`
	const response = await fetch(path, {
		method,
		headers,
		body: body && JSON.stringify(body),
		credentials: 'omit',
		cache: 'no-cache',
		keepalive: method === 'DELETE', // also while the page is closed
		signal: AbortSignal.timeout(20000),
	}).catch(() => {
		throw unreachable()
	})
	const { status } = response
	if (status === 202) {
		const { result } = await load('later')
		return result(response, authorization)
	}
	if (response.ok) {
		const answer = status === 204 ? null : await response.json().catch(() => {
			throw unreachable() // it was cut off, or is the page of a captive portal
		})
		const next = /^<(.+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')
		if (!next) return answer
		// A list is bounded: append the rest.
		const rest = await request(method, next[1], body, authorization, extra)
		for (const name in rest) answer[name].push(...rest[name])
		return answer
	}
	if (status === 401 && !authorization) endSession(token)
	const { error, fields = {}, retry_after } = await response.json().catch(() => ({}))
	const words = Object.values(fields).flat().join(' ') || error
	const refusal = problem(status, words ?? `The server refused this (${status}).`, fields)
	throw Object.assign(refusal, { retry_after })
}

const unreachable = () => problem(0, 'The server cannot be reached. Try again.')

/**
 * @param {number} status @param {string} words @param {Record<string, string[]>} fields
 * @returns {Problem}
 */
export const problem = (status, words, fields = {}) =>
	Object.assign(new Error(words), { status, fields })
