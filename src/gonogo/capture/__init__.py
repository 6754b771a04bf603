"""Both sides' answers: proxies that record what replicas are asked and answer, and the warehouse that keeps it.

An Envoy stands before the replicas of each captured workload, as a sidecar's inbound side does in a mesh. It forwards
every byte as it comes and writes a line for each request when it begins and another when it is over; nothing but Envoy
stands on the way of a request. After a run the lines become a Parquet file and columns of the run.
"""
