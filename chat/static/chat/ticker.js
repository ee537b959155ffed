// A worker: the timers of a hidden tab are too slow to keep its user online.
setInterval(() => postMessage(0), 10000)
