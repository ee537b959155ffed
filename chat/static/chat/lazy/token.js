/** Tokens for users who sign in. */

import { request } from '../api.js'

/** @param {string} nickname @param {string} password @returns {Promise<string>} a new token */
export async function fetchToken(nickname, password) {
	const bytes = new TextEncoder().encode(`${nickname}:${password}`)
	const basic = `Basic ${btoa(String.fromCharCode(...bytes))}`
	return (await request('POST', '/api/tokens', undefined, basic)).token
}
