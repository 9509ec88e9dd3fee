# Prints a topic's committed records as lines of JSON, from its beginning to its end: read_committed.py BROKERS TOPIC
#
# python3-kafka 2.0.2 speaks the protocol of transactions without offering it: it asks for what is not
# committed too, and passes over the list of what was aborted. Both are put right here, as KIP-98 asks of a reader.
import json
import sys

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

READ_COMMITTED = 1
COMMIT_MARK = 1
# Of a batch's header: its attributes' bit of marks, and where its producer's id stands.
CONTROL, PRODUCER_ID = 0x20, 9


def main(brokers, topic):
    consumer = KafkaConsumer(
        bootstrap_servers=brokers,
        api_version=(0, 11, 0),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        check_crcs=True,
    )
    read_committed(consumer._fetcher)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(partitions)
    while any(consumer.position(one) < ends[one] for one in partitions):
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                if record.checksum != "left out":
                    print(json.dumps(as_document(record)))


def as_document(record):
    return {
        "partition": record.partition,
        "key": record.key.decode(),
        "headers": {name: value.decode() for name, value in record.headers},
        "value": record.value.decode(),
    }


def read_committed(fetcher):
    """Makes the fetcher ask for committed records, and mark those that were aborted and the marks themselves."""
    fetcher._isolation_level = READ_COMMITTED
    parse = fetcher._parse_fetched_data
    aborted_of = {}

    def parse_with_aborted(fetch):
        # Error, high watermark, last stable offset, aborted transactions, batches (version 4 of the answer).
        aborted_of[fetch.topic_partition] = sorted(fetch.partition_data[3] or [], key=lambda one: one[1])
        return parse(fetch)

    def unpack(partition, batches):
        waiting, aborting = list(aborted_of.get(partition, [])), set()
        batch = batches.next_batch()
        while batch is not None:
            producer = batch._header_data[PRODUCER_ID]
            last = batch.base_offset + batch.last_offset_delta
            while waiting and waiting[0][1] <= last:
                aborting.add(waiting.pop(0)[0])
            is_mark = bool(batch.attributes & CONTROL)
            left_out = is_mark or (batch.attributes & 0x10 and producer in aborting)
            for record in batch:
                if is_mark and int.from_bytes(record.key[2:4], "big") != COMMIT_MARK:
                    aborting.discard(producer)
                yield ConsumerRecord(
                    partition.topic, partition.partition, record.offset, record.timestamp, record.timestamp_type,
                    record.key, record.value, record.headers, "left out" if left_out else None, 0, 0, 0,
                )
            fetcher._subscriptions.assignment[partition].last_offset_from_message_batch = last
            batch = batches.next_batch()

    fetcher._parse_fetched_data = parse_with_aborted
    fetcher._unpack_message_set = unpack


main(*sys.argv[1:3])
