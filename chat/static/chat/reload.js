// Loads the page again when a script or a style sheet failed, as when the network has changed.

/** Milliseconds before the first reload, and after one that did not help. */
const FIRST_PAUSE = 5000
const PAUSE = 60000
let isBroken = false

addEventListener('error', async ({ target }) => {
	if (!(target instanceof Element && target.matches('script, [rel=stylesheet]'))) return
	const { src, href } = /** @type {HTMLScriptElement & HTMLLinkElement} */ (target)
	const url = src ?? href
	// An extension of the browser may insert what the page's policy blocks.
	if (isBroken || !url.startsWith(location.origin)) return
	isBroken = true
	const pause = history.state?.isReloaded ? PAUSE : FIRST_PAUSE
	do {
		await new Promise((resolve) => setTimeout(resolve, pause * (1 + Math.random())))
	} while (!(await fetch(url).then(({ ok }) => ok, () => false)))
	history.replaceState({ isReloaded: true }, '')
	location.reload()
}, true)
