// The rules' own tables, for who shows them; where other processes run the rules also for who asks of them.
import type { ViewStore } from '@sallyport/engine';

export abstract class RuleTables {
  abstract readonly views: ViewStore;
}
