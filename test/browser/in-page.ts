// What the browser specs ask of elements. These functions are sent to the page as source: they see no import.

/** The little of an element that is asked for; the compiler here knows no DOM. */
interface PageElement {
  readonly id: string;
  readonly tagName: string;
  readonly parentElement: PageElement | null;
  setAttribute(name: string, value: string): void;
}
interface PageStyle {
  readonly color: string;
  readonly backgroundColor: string;
  readonly outlineWidth: string;
}
declare const document: {
  readonly activeElement: PageElement;
  readonly documentElement: { readonly scrollWidth: number };
};
declare function getComputedStyle(element: PageElement): PageStyle;

/** The id, or else the name, of the element, and how wide its outline is. */
export function focusRing(element: PageElement): string {
  return `${element.id || element.tagName} ${getComputedStyle(element).outlineWidth}`;
}

export function hasFocus(element: PageElement): boolean {
  return element === document.activeElement;
}

export function scrollWidth(): number {
  return document.documentElement.scrollWidth;
}

/** Puts a value into a field that a person cannot reach. */
export function overwrite(field: PageElement, value: string): void {
  field.setAttribute('value', value);
}

/** WCAG 2.2 contrast of an element's text with the nearest background that is painted behind it. */
export function contrast(element: PageElement): number {
  const numbers = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string): number => {
    const linear = numbers(colour).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  };
  const background = (one: PageElement): string => getComputedStyle(one).backgroundColor;
  let painted = element;
  while (painted.parentElement !== null && numbers(background(painted))[3] === 0) {
    painted = painted.parentElement;
  }
  const [text = 0, behind = 0] = [getComputedStyle(element).color, background(painted)].map(luminance);
  return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
}
