// Answers who it is by TCP (a line at once, then an echo; an end is answered by an end) and UDP. Arguments: name, address, port.
const { createServer } = require('node:net')
const { createSocket } = require('node:dgram')
const [name, address, port] = process.argv.slice(2)
createServer({ allowHalfOpen: true }, socket => {
  socket.on('error', () => {})
  socket.write(`${name} ${socket.remoteAddress}\n`)
  socket.on('data', data => socket.write(data))
  socket.on('end', () => socket.end('bye\n'))
}).listen(Number(port), address, () => {
  const udp = createSocket('udp4')
  udp.on('message', (message, from) => udp.send(`${name} ${message}`, from.port, from.address))
  udp.bind(Number(port), address, () => console.log('ready'))
})
