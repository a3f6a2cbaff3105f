"""Tasks of test_celery.py, as its worker loads them."""
import os

from celery import Celery

URL = 'redis://%s:%s/' % (os.environ['SCRUBJAY_HOST'], os.environ['SCRUBJAY_PORT'])
app = Celery('tasks', broker=URL + '1', backend=URL + '2')
app.conf.update(result_expires=300, broker_connection_retry_on_startup=True,
                broker_transport_options={'visibility_timeout': 60})


@app.task
def double(number):
    return 2 * number


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=3)
def stubborn(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return self.request.retries
