# Sidekiq: many jobs, jobs for later and retries (its poller takes due jobs by a Lua script).
# Needs Debian's ruby-sidekiq and a server given by SCRUBJAY_HOST and SCRUBJAY_PORT.
# SCRUBJAY_FULL=1 runs 1,000 jobs.
begin
  require_relative 'sidekiq_jobs'
  require 'sidekiq/api'
rescue LoadError => error
  puts "SKIPPED Sidekiq: #{error.message}"
  exit 0
end

JOBS = ENV['SCRUBJAY_FULL'] == '1' ? 1000 : 100
SECONDS = 90
passed = 0
failed = 0
check = lambda do |what, seen, wanted|
  if seen == wanted
    passed += 1
  else
    failed += 1
    puts "not ok: #{what}: #{seen.inspect} instead of #{wanted.inspect}"
  end
end

redis = ->(&block) { Sidekiq.redis(&block) }
redis.call { |client| client.flushdb }
(0...JOBS - 20).each { |number| CountJob.perform_async(number) }
(JOBS - 20...JOBS).each { |number| CountJob.perform_in(0.5, number) }
StubbornJob.perform_async
check.call('jobs for later', Sidekiq::ScheduledSet.new.size, 20)

server = Process.spawn('sidekiq', '-r', File.join(__dir__, 'sidekiq_jobs.rb'), '-c', '5',
                       out: File::NULL, err: File::NULL)
deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + SECONDS
loop do
  ran = redis.call { |client| client.hlen('ran') }
  tries = redis.call { |client| client.get('tries').to_i }
  break if ran == JOBS && tries == 2
  break if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
  sleep 0.1
end
sleep 0.3
counts = redis.call { |client| client.hgetall('ran') }
check.call('jobs that ran', counts.size, JOBS)
check.call('jobs that ran twice', counts.values.uniq, ['1'])
check.call('tries of the stubborn job', redis.call { |client| client.get('tries') }, '2')
stats = Sidekiq::Stats.new
check.call('waiting', stats.enqueued, 0)
check.call('to be retried', stats.retry_size, 0)
Process.kill('TERM', server)
Process.wait(server)
puts "#{passed} passed, #{failed} failed"
exit(failed.zero? ? 0 : 1)
