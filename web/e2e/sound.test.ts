import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pair } from './pair';
import { compare, partsOf, response, separationDb, summary, type WindowResult, within } from './sound/analysis';
import { makeProbe, type Stereo } from './sound/probe';
import { asked, giveMicrophone, play, record } from './sound/studio';
import { type Person, Server, until } from './world';

/** What a probe must keep on its way from one microphone to the other person's ear. */
const PROFILES = [
  { profile: 'music', snrDb: 21, bitrate: [115_000, 130_000] },
  { profile: 'studio', snrDb: 27, bitrate: [200_000, 300_000] },
] as const;

const SEPARATION_DB = 60;
const FLAT_DB = 1;

describe('sound from microphone to ear', () => {
  const probe = makeProbe();
  let server: Server;
  let pair: Pair;
  let teacher: Person;
  let student: Person;

  beforeAll(async () => {
    server = await Server.start();
    pair = await Pair.join(server, { teacher: giveMicrophone, student: giveMicrophone });
    ({ teacher, student } = pair);
    // Sound alone is measured here: two coders of pictures would take the machine away from it.
    for (const person of [teacher, student]) await person.byId('toggle-camera').click();
    await until('sound packets', async () => (await student.look()).audioPackets > 50);
  });

  afterAll(async () => {
    await pair.end();
    await server.end();
  });

  it('asks the microphone for stereo and no processing', async () => {
    expect((await asked(teacher.page)).at(-1)).toMatchObject({
      channelCount: { ideal: 2 },
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
    });
  });

  for (const { profile, snrDb, bitrate } of PROFILES) {
    describe(profile, () => {
      let heard: Stereo;
      let results: WindowResult[];

      beforeAll(async () => {
        await teacher.byId('sound-profile').selectOption(profile, { force: true });
        await until('its bitrate', async () => {
          const { targetBitrate } = await teacher.look();
          return targetBitrate >= bitrate[0] && targetBitrate <= bitrate[1];
        });
        const before = await student.look();
        const recording = await record(student.page);
        await play(teacher.page, probe);
        heard = await recording.stop();
        const after = await student.look();
        results = compare(probe, heard);
        const concealed = (100 * (after.concealed - before.concealed)) / (after.samples - before.samples);
        console.log(`${profile}: ${concealed.toFixed(2)} % concealed`);
      });

      it(`arrives with a signal to noise ratio of ${snrDb} dB`, () => {
        const snr = (some: readonly WindowResult[]) => {
          const { median, worstTenth } = summary(some.map((result) => result.snrDb));
          return { median, text: `${median.toFixed(1)}/${worstTenth.toFixed(1)}` };
        };
        const parts = [...new Set(probe.parts.map(({ name }) => name))].map((name) => {
          return `${name} ${snr(partsOf(probe, name).flatMap((part) => within(results, part))).text}`;
        });
        const all = snr(results);
        console.log(`${profile}: SNR, median/worst tenth, ${all.text} dB (${parts.join(', ')})`);
        expect(all.median).toBeGreaterThanOrEqual(snrDb);
      });

      it('keeps left left and right right', () => {
        const separation = (['left', 'right'] as const).map((side) => separationDb(probe, heard, side, results));
        console.log(`${profile}: separation ${separation.map((db) => db.toFixed(0)).join(' and ')} dB`);
        expect(Math.min(...separation)).toBeGreaterThanOrEqual(SEPARATION_DB);
      });

      it('changes no band of the sound', () => {
        for (const name of ['sweep', 'noise'] as const) {
          const gains = response(probe, heard, name, results).map(({ gainDb }) => gainDb);
          console.log(`${profile}: bands of the ${name} ${Math.min(...gains).toFixed(2)} to ${Math.max(...gains).toFixed(2)} dB`);
          expect(Math.max(...gains.map(Math.abs))).toBeLessThanOrEqual(FLAT_DB);
        }
      });
    });
  }

  it('works without a fault on either page', () => {
    expect(teacher.errors).toEqual([]);
    expect(student.errors).toEqual([]);
  });
});
