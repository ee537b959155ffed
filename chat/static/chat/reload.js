// Loads the page again when a script or a style sheet failed, as when the network has changed.

const reloads = history.state?.reloads ?? 0
let isBroken = false

addEventListener('error', async ({ target }) => {
	if (!(target instanceof Element && target.matches('script, [rel=stylesheet]'))) return
	const { src, href } = /** @type {HTMLScriptElement & HTMLLinkElement} */ (target)
	const url = src ?? href
	// An extension of the browser may insert what the page's policy blocks.
	if (isBroken || !url.startsWith(location.origin)) return
	isBroken = true
	// Milliseconds; each reload that did not help doubles them.
	const pause = Math.min(2000 * 2 ** reloads, 60000)
	do {
		await new Promise((resolve) => setTimeout(resolve, pause * (1 + Math.random())))
	} while (!(await fetch(url).then(({ ok }) => ok, () => false)))
	history.replaceState({ reloads: reloads + 1 }, '')
	location.reload()
}, true)
addEventListener('load', () => isBroken || history.replaceState(null, ''))
