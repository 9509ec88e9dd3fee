// All views as the work of one consumer: rows of every projection and one checkpoint in one transaction.
import { projections, viewsConsumer } from '@sallyport/core-views';
import { everyPartition, projectionWork } from '@sallyport/engine';
import type { ConsumerWork, ViewStore } from '@sallyport/engine';

/** Takes system events to rows: these are everybody's, so one partition alone writes them, in order. */
const systemPartition = 0;

export function viewsWork(views: Pick<ViewStore, 'load'>): ConsumerWork {
  const works = projections.map((projection) => projectionWork(projection, views));
  return {
    ...viewsConsumer,
    fold: async (partition, events) => {
      const isHere = ({ partitionKey }: { readonly partitionKey: string }) => {
        return partition === systemPartition || partitionKey !== everyPartition;
      };
      const own = events.filter(isHere);
      const changes = await Promise.all(works.map((work) => work.fold(partition, own)));
      return changes.flat();
    },
  };
}
