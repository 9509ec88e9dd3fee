// Anchors: what is signed cannot be changed, and a file that is none is not taken for one.
import { anchorProblems, newAnchorKey, readAnchor, signAnchor } from './anchor.js';

const anchor = {
  position: '42',
  recordedAt: '2026-11-22T12:00:00.000Z',
  events: 42,
  streams: 7,
  root: 'RLYWzbbUALgxjr3flMQrISh2CQx68WfTXnSx3eFz6g8',
  takenAt: '2026-11-22T13:00:00.000Z',
};
const signed = signAnchor(anchor, newAnchorKey());

describe('an anchor', () => {
  it('survives its file', () => {
    const read = readAnchor(JSON.stringify(signed));
    expect(read).toEqual(signed);
    expect(anchorProblems(read, signed.publicKey)).toEqual([]);
    expect(anchorProblems(read)).toEqual([]);
  });

  it.each(Object.keys(anchor))('is not signed any more when its %s was changed', (member) => {
    const value = signed[member as keyof typeof anchor];
    const changed = { ...signed, [member]: typeof value === 'number' ? value + 1 : `${value}0` };
    expect(anchorProblems(changed)).toEqual(['the anchor is not signed by the key that it names']);
  });

  it('signed anew by another key is told by the key that was expected', () => {
    const other = signAnchor({ ...anchor, root: 'x' }, newAnchorKey());
    expect(anchorProblems(other)).toEqual([]);
    expect(anchorProblems(other, signed.publicKey)).toHaveLength(1);
    expect(anchorProblems({ ...other, publicKey: signed.publicKey }, signed.publicKey)).toHaveLength(1);
    expect(anchorProblems({ ...signed, publicKey: 'no key' })).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'position 42'],
    ['null', 'null'],
    ['something else', '{"position":"42"}'],
    ['one of a newer version', JSON.stringify({ ...signed, sallyportAnchor: 2 })],
    ['one without its root', JSON.stringify({ ...signed, root: undefined })],
    ['one with half an event', JSON.stringify({ ...signed, events: 41.5 })],
    ['one at no position', JSON.stringify({ ...signed, position: 'end' })],
  ])('is not read from %s', (_, text) => {
    expect(() => readAnchor(text)).toThrow(expect.objectContaining({ code: 'anchor_malformed' }));
  });
});
