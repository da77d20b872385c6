"""Pi by throwing darts: what each task hits, and in which pod it threw. Usage: pi.py TASKS [EXECUTOR to give back at the end]"""

import os
import random
import sys
import time

from pyspark.sql import SparkSession

TASKS = int(sys.argv[1])
THROWS = 50_000


def throw(seed):
    darts = random.Random(seed)
    hits = sum(darts.random() ** 2 + darts.random() ** 2 < 1 for _ in range(THROWS))
    return hits, os.environ["SPARK_EXECUTOR_POD_NAME"]


with SparkSession.builder.getOrCreate() as session:
    results = session.sparkContext.parallelize(range(TASKS), TASKS).map(throw).collect()
    print("Pi is roughly", 4 * sum(hits for hits, _ in results) / (TASKS * THROWS))
    print("Computed in", *sorted({pod for _, pod in results}))

    # As dynamic allocation does with an executor that has been idle for long. The driver is one of those that have memory.
    for executor in sys.argv[2:]:
        context = session.sparkContext._jsc.sc()
        present = context.getExecutorMemoryStatus().size()
        context.killExecutor(executor)
        while context.getExecutorMemoryStatus().size() == present:
            time.sleep(0.1)
