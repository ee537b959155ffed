// A worker, because timers of a hidden tab are throttled too much to keep its user online.
setInterval(() => postMessage(0), 10000)
