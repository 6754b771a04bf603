"""Asynchronous inference for what a breaker turns away: accepted at once, kept durably, answered later.

::

    POST /predict          202 {"job_id": …, "status_url": "/jobs/…"}; 503 when the queue is full
    GET  /jobs/{job_id}    where the job is
    GET  /jobs/{job_id}/result   what the service behind answered
"""
