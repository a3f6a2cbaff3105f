# Jobs of sidekiq_test.rb, as the sidekiq process loads them.
require 'sidekiq'

url = "redis://#{ENV['SCRUBJAY_HOST'] || '127.0.0.1'}:#{ENV['SCRUBJAY_PORT'] || 6379}/5"
Sidekiq.configure_client { |config| config.redis = { url: url } }
Sidekiq.configure_server do |config|
  config.redis = { url: url }
  config.options[:poll_interval_average] = 1
end
Sidekiq.options[:poll_interval_average] = 1

class CountJob
  include Sidekiq::Worker
  def perform(number)
    Sidekiq.redis { |client| client.hincrby('ran', number.to_s, 1) }
  end
end

class StubbornJob
  include Sidekiq::Worker
  sidekiq_options retry: 3
  sidekiq_retry_in { 0 }
  def perform
    tries = Sidekiq.redis { |client| client.incr('tries') }
    raise 'not yet' if tries < 2
  end
end
