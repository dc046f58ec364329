import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pair } from './pair';
import { random } from './sound/probe';
import { type DebugWindow, type Person, Server } from './world';

const DATAGRAMS = 20_000;
/** Sent together; then the other side has its turn. */
const BURST = 50;

/** How the packets of a lesson begin: STUN request, DTLS ClientHello, RTP, RTCP (RFC 7983), and what is none of them. */
const BEGINNINGS = [
  [0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42],
  [0x16, 0xfe, 0xfd, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x01],
  [0x90, 0x6f, 0x12, 0x34, 0x00, 0x00, 0x00, 0x01],
  [0x81, 0xc9, 0x00, 0x07],
  [],
];

/** A true beginning now and then, cut anywhere, and any bytes behind it. */
function hostileDatagrams(): Buffer[] {
  const number = random(3);
  const below = (limit: number) => Math.floor(((number() + 1) / 2) * limit);
  return Array.from({ length: DATAGRAMS }, (_, i) => {
    const datagram = Buffer.from(Array.from({ length: below(i % 10 === 0 ? 1400 : 80) }, () => below(256)));
    const beginning = BEGINNINGS[i % BEGINNINGS.length] ?? [];
    datagram.set(beginning.slice(0, datagram.length));
    return datagram;
  });
}

describe('a lesson under fire', () => {
  let server: Server;
  let pair: Pair;
  let teacher: Person;
  let student: Person;

  beforeAll(async () => {
    server = await Server.start();
    pair = await Pair.meet(server);
    ({ teacher, student } = pair);
  });

  afterAll(async () => {
    await pair.end();
    await server.end();
  });

  it('goes on as if nothing came', async () => {
    const people = [teacher, student];
    const connection = () => (window as DebugWindow).auftaktDebug?.peerConnection;
    const handles = await Promise.all(people.map((person) => person.page.evaluateHandle(connection)));
    const socket = createSocket('udp4');
    const send = (datagram: Buffer) =>
      new Promise((sent) => {
        socket.send(datagram, server.port, '127.0.0.1', sent);
      });
    const datagrams = hostileDatagrams();
    for (let i = 0; i < datagrams.length; i += BURST) {
      await Promise.all(datagrams.slice(i, i + BURST).map(send));
    }
    socket.close();
    await Promise.all(people.map((person) => person.seesAndHears()));
    for (const [i, person] of people.entries()) {
      const same = await person.page.evaluate((before) => {
        return (window as DebugWindow).auftaktDebug?.peerConnection === before;
      }, handles[i]);
      expect(same).toBe(true);
      expect((await person.look()).state).toBe('connected');
      expect(person.errors).toEqual([]);
    }
  });

  it('lets somebody else in afterwards', async () => {
    await student.page.reload();
    await student.comeBack();
    await Promise.all([teacher.seesAndHears(), student.seesAndHears()]);
  });
});
