"""Jobs of test_rq.py, as its workers load them."""
import os

import redis


def connection():
    return redis.Redis(os.environ['SCRUBJAY_HOST'], int(os.environ['SCRUBJAY_PORT']), db=3)


def count(number):
    client = connection()
    client.hincrby('ran', number, 1)
    return 2 * number


def fail_once(key):
    if connection().incr(key) == 1:
        raise RuntimeError('the first time it fails')
    return 'done'
