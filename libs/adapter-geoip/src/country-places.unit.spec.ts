// That the circles hold their countries: known far corners, and every code the shipped data can give.
import { countryPlaces } from './country-places.js';

/** Corners as atlases give them, degrees. */
const corners: readonly (readonly [code: string, name: string, lat: number, lon: number])[] = [
  ['US', 'Attu Station, Alaska', 52.9, 173.2],
  ['US', 'Key West', 24.6, -81.8],
  ['US', 'Lubec, Maine', 44.9, -67.0],
  ['US', 'Hilo, Hawaii', 19.7, -155.1],
  ['RU', 'Kaliningrad', 54.7, 20.5],
  ['RU', 'Uelen', 66.2, -169.8],
  ['RU', 'Derbent', 42.1, 48.3],
  ['FR', 'Brest', 48.4, -4.5],
  ['FR', 'Bonifacio', 41.4, 9.2],
  ['ES', 'El Hierro', 27.7, -18.0],
  ['ES', 'Menorca', 39.9, 4.3],
  ['PT', 'Flores, Azores', 39.4, -31.2],
  ['PT', 'Funchal', 32.6, -16.9],
  ['NO', 'Vardo', 70.4, 31.1],
  ['NO', 'Kristiansand', 58.1, 8.0],
  ['GB', 'Unst', 60.8, -0.9],
  ['GB', 'Scilly', 49.9, -6.3],
  ['CH', 'Geneva', 46.2, 6.1],
  ['CH', 'Mustair', 46.6, 10.4],
  ['DE', 'Sylt', 54.9, 8.3],
  ['IT', 'Lampedusa', 35.5, 12.6],
  ['GR', 'Kastellorizo', 36.1, 29.6],
  ['CA', "St. John's", 47.6, -52.7],
  ['CA', 'Alert', 82.5, -62.3],
  ['CA', 'Beaver Creek', 62.4, -140.9],
  ['BR', 'Fernando de Noronha', -3.9, -32.4],
  ['BR', 'Chui', -33.7, -53.5],
  ['CL', 'Hanga Roa', -27.1, -109.4],
  ['CL', 'Puerto Williams', -54.9, -67.6],
  ['EC', 'Galapagos', -0.9, -91.0],
  ['AU', 'Perth', -32.0, 115.9],
  ['AU', 'Byron Bay', -28.6, 153.6],
  ['AU', 'Hobart', -42.9, 147.3],
  ['NZ', 'Chatham Islands', -44.0, -176.5],
  ['JP', 'Yonaguni', 24.5, 123.0],
  ['JP', 'Wakkanai', 45.4, 141.7],
  ['ID', 'Banda Aceh', 5.5, 95.3],
  ['ID', 'Merauke', -8.5, 140.4],
  ['IN', 'Port Blair', 11.7, 92.7],
  ['IN', 'Kavaratti', 10.6, 72.6],
  ['CN', 'Kashgar', 39.5, 76.0],
  ['CN', 'Fuyuan', 48.4, 134.3],
  ['KI', 'Kiritimati', 1.9, -157.4],
  ['KI', 'Tarawa', 1.4, 173.0],
  ['FJ', 'Suva', -18.1, 178.4],
  ['SG', 'Changi', 1.4, 104.0],
];

describe('the circle of a country', () => {
  it.each(corners.map(([code, name, ...at]) => [code, name, at] as const))('%s holds %s', (...corner) => {
    const [code, , [lat, lon]] = corner;
    const place = countryPlaces.get(code);
    expect(place).toBeDefined();
    expect(distanceKm(place ?? { lat: 0, lon: 0 }, { lat, lon })).toBeLessThanOrEqual(place?.radiusKm ?? 0);
  });

  it('is no larger than it has to be: neighbours can be told apart', () => {
    const radius = (code: string) => countryPlaces.get(code)?.radiusKm;
    expect(['CH', 'FR', 'DE', 'SG', 'MC', 'GB'].map(radius)).toEqual([190, 710, 470, 30, 20, 650]);
  });

  it('is there for each of the 249 codes of ISO 3166-1 and for XK', () => {
    expect(countryPlaces.size).toBe(250);
    for (const [code, { lat, lon, radiusKm, name }] of countryPlaces) {
      expect(code).toMatch(/^[A-Z]{2}$/);
      expect(Math.abs(lat)).toBeLessThanOrEqual(90);
      expect(Math.abs(lon)).toBeLessThanOrEqual(180);
      expect(radiusKm).toBeGreaterThanOrEqual(20);
      expect(name.length).toBeGreaterThan(3);
    }
  });
});

/** Great-circle distance on a sphere of the earth's mean radius. */
function distanceKm(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2;
  const h = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lon, b.lon);
  return 2 * 6371 * Math.asin(Math.sqrt(h));
}
